import type { Messages } from '../en'

export const protocols: Messages['protocols'] = {
  messages: 'Claude Messages',
  chat: 'OpenAI Chat',
  responses: 'OpenAI Responses',
  gemini: 'Gemini',
  images: 'OpenAI Images',
  embeddings: 'OpenAI Embeddings',
}

export const failures: Messages['failures'] = {
  request_fault: '请求有误',
  context_too_long: '超出模型上下文',
  content_policy: '被策略拒绝',
  auth: '密钥被拒绝',
  quota: '额度用尽',
  rate: '触发限流',
  overload: '上游过载',
  model_unavailable: '不提供该模型',
  transport: '无法连接',
  server_error: '上游错误',
  bad_answer: '应答无效',
  client_gone: '客户端离开',
  unfit: '该处无法完成',
  refused: '被网关拒绝',
}
