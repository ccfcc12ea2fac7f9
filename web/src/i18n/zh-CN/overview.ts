import type { Messages } from '../en'

export const overview: Messages['overview'] = {
  title: '总览',
  sentence: (usable, all) =>
    all === 0
      ? '没有使用中的渠道。'
      : usable === all
        ? `使用中的 ${all} 个渠道全部可用。`
        : `使用中的 ${all} 个渠道中有 ${usable} 个可用。`,
  inFlight: (count) => `${count} 个请求正在进行。`,
  attention: '需要处理',
  problems: {
    noChannel: '还没有渠道，无法应答任何请求。',
    noneServes: '没有可用的渠道，所有请求都会失败。',
    noRecords: (why) => `无法记录请求：${why}`,
    dropped: (count) => `${count} 个请求已应答，但未能记录。`,
    failing: (share) => `最近一天有 ${share} 的请求失败。`,
    unpriced: (count) => `最近一天有 ${count} 个请求使用了没有已知价格的内容。`,
    addKey: '添加密钥',
    replaceKey: '更换密钥',
    showRequests: '查看其请求',
    showFailed: '显示失败的请求',
    toChannels: '前往渠道列表',
  },
  than: (change) => `较前一天 ${change}`,
  was: (value) => `前一天为 ${value}`,
  traffic: '最近 24 小时的请求',
  failures: '最近的失败',
  allFailures: '全部失败的请求',
  noFailures: '最近 24 小时没有失败的请求。',
  first: {
    title: '三步得到第一个应答',
    lead: '尚未进行任何设置。',
    done: '已完成',
    channel: {
      title: '添加渠道',
      lead: '请求发往何处。粘贴供应商的 curl 命令，表单会自动填写。',
      action: '添加渠道',
    },
    client: {
      title: '接入客户端',
      lead: 'Claude Code、Codex、Gemini CLI 或任意 SDK：使用本网关的密钥，复制两行即可。',
      action: '接入客户端',
    },
    request: {
      title: '查看第一个请求',
      lead: '由谁应答、为何选它、耗时多久、费用多少。',
    },
  },
  quiet: '最近 24 小时没有请求',
  quietLead: '将客户端指向此网关，其流量就会显示在这里。',
  connect: '接入客户端',
}
