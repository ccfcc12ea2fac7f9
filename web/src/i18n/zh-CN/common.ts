import type { Front } from '../en/front'

export const common: Front['common'] = {
  cancel: '取消',
  close: '关闭',
  retry: '重试',
  copy: '复制',
  copied: '已复制',
  remove: '移除',
  optional: '可选',
  loading: '加载中…',
}
