import type { Front } from '../en/front'

export const signIn: Front['signIn'] = {
  title: '登录',
  lead: '使用管理密钥管理此网关。',
  key: '管理密钥',
  hint: '首次启动时已打印在终端，或由 ADMIN_ACCESS_KEY 设置。',
  show: '显示密钥',
  hide: '隐藏密钥',
  submit: '登录',
  working: '正在登录…',
  empty: '请输入管理密钥。',
  wrong: '这不是此网关的管理密钥。',
  throttled: (wait) => `来自您地址的错误密钥过多，请在 ${wait}后重试。`,
}
