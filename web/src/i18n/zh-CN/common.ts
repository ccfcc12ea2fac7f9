import type { Front } from '../en/front'

export const common: Front['common'] = {
  cancel: '取消',
  close: '关闭',
  retry: '重试',
  copy: '复制',
  copied: '已复制',
  remove: '移除',
  undo: '撤销',
  optional: '可选',
  loading: '加载中…',
  stale: '显示的内容可能已过时。',
  chart: { asTable: '以表格显示', from: '起始' },
  range: {
    label: '时间范围',
    lengths: { '1h': '1 小时', '24h': '24 小时', '7d': '7 天', '30d': '30 天' },
    custom: '自定义',
    since: '从',
    until: '到',
  },
}
