// What is said before anybody is signed in; all other areas are loaded after.

import { common } from './common'
import { errors } from './errors'
import { shell } from './shell'
import { signIn } from './signIn'

export const front = { common, errors, shell, signIn }

export type Front = typeof front
