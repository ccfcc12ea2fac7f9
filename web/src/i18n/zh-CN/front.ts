import type { Front } from '../en/front'
import { common } from './common'
import { errors } from './errors'
import { shell } from './shell'
import { signIn } from './signIn'

export const front: Front = { common, errors, shell, signIn }
