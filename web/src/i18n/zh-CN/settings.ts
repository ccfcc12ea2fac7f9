import type { Messages } from '../en'

export const settings: Messages['settings'] = {
  title: '设置',
  sections: {
    general: '常规',
    prices: '价格',
    backup: '备份',
    history: '历史',
    audit: '审计',
  },
}
