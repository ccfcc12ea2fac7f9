import type { Messages } from '../en'

export const connect: Messages['connect'] = {
  title: '接入',
  lead: '让任意客户端指向此地址。使用本网关的客户端密钥,而不是上游的密钥。',
  address: '地址',
  key: '客户端密钥',
  keyHint: '会填入下方示例,只保留在本页。首次启动时已打印,或由 PROXY_ACCESS_KEY 设置。',
  clients: '客户端',
  file: (path) => `写入 ${path}`,
  shell: '在终端中运行',
  model: '可使用任一渠道提供的模型名称。',
}
