import type { Front } from '../en/front'

export const errors: Front['errors'] = {
  wrong_key: '这不是此网关的管理密钥。',
  cross_origin: '网关拒绝来自其他地址的更改。',
  store_invalid: '存储的配置已损坏，请先修复配置文件。',
  unreachable: '无法连接网关。',
  unexpected: '网关的应答出乎意料。',
  unauthorized: '会话已结束，请重新登录。',
  not_found: '该对象已不存在。',
  conflict: '该对象已被他人修改。',
  throttled: '尝试次数过多，请稍候。',
  invalid: '部分字段需要修改。',
  store_unavailable: '暂时无法保存配置。',
  too_many_watchers: '已有过多页面建立了连接。',
  upgrade_required: '已有过多页面建立了连接，或中间的代理不支持 WebSocket。',
  upstream_failed: '上游未按要求应答。',
}
