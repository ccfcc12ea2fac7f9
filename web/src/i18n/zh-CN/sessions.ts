import type { Messages } from '../en'

export const sessions: Messages['sessions'] = {
  title: '会话',
  lead: '客户端的每个会话做了什么、花费多少，最近使用的在前。',
  last: '最近请求',
  lasted: (time) => `历时 ${time}`,
  models: '模型',
  channels: '渠道',
  requests: '请求',
  failed: (count) => `${count} 次失败`,
  empty: '此范围内没有会话',
  emptyLead: 'Claude Code、Codex 等客户端会标明请求所属的会话，它们的会话会显示在这里。',
  incomplete: '此范围内的内容多于所示：这里只统计最新的请求。请选择更短或更早的时间范围查看其余部分。',
}
