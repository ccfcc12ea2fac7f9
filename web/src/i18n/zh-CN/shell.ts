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
  palette: {
    title: '查找',
    placeholder: '页面、渠道、操作或请求标识',
    nothing: '没有找到。',
    page: '页面',
    channel: '渠道',
    action: '操作',
    request: '请求',
    openRequest: (id) => `打开 ${id}`,
  },
  shortcuts: {
    title: '快捷键',
    search: '转到搜索框',
    go: (place) => `转到：${place}`,
    plain: '启用不含 Ctrl 的快捷键',
  },
  notFound: '此地址没有内容。',
  toOverview: '前往总览',
  notLoaded: '此页面未能加载。',
}
