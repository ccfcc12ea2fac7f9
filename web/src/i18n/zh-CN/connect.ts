import type { Messages } from '../en'

export const connect: Messages['connect'] = {
  title: '接入',
  lead: '让任意客户端指向此地址。使用本网关的客户端密钥，而不是上游的密钥。',
  address: '地址',
  key: '客户端密钥',
  keyHint: '会填入下方示例，只保留在本页。可新建一个，或使用首次启动时打印的密钥。',
  keyFresh: (name) => `${name} 的密钥，离开此界面后不再显示。`,
  makeKey: (client) => `为 ${client} 创建密钥`,
  watch: '等待其请求',
  watchAny: '任意密钥',
  waiting: (name) => (name === undefined ? '正在等待请求' : `正在等待 ${name} 的第一个请求`),
  waitingHint: '设置好客户端后发一条消息。本页每 15 秒查看一次。',
  lookNow: '立即查看',
  arrived: '接入成功：请求已到达并得到应答。',
  arrivedFailed: (status) => `请求已到达，但以 ${status} 结束。`,
  openRequest: '查看该请求',
  clients: '客户端',
  file: (path) => `写入 ${path}`,
  shell: '在终端中运行',
  model: '可使用任一渠道提供的模型名称。',
}
