import type { Messages } from '../en'

export const clientKeys: Messages['clientKeys'] = {
  title: '密钥',
}
