import type { Messages } from '../en'

export const usage: Messages['usage'] = {
  title: '用量',
}
