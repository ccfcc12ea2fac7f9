import type { Front } from '../en/front'

export const shell: Front['shell'] = {
  skip: '跳到正文',
  navigation: '主导航',
  places: {
    overview: '总览',
    channels: '渠道',
    requests: '请求',
    usage: '用量',
    keys: '密钥',
    settings: '设置',
    playground: '试用',
    connect: '接入',
  },
  signOut: '退出登录',
  theme: '主题',
  themes: { system: '跟随系统', light: '浅色', dark: '深色' },
  language: '语言',
  notFound: '此地址没有内容。',
  toOverview: '前往总览',
  notLoaded: '此页面未能加载。',
}
