// 简体中文。

import type { Messages } from './en'
import { capture } from './zh-CN/capture'
import { bulk } from './zh-CN/bulk'
import { channels, form, keys, paste, states, test } from './zh-CN/channels'
import { clientKeys } from './zh-CN/clientKeys'
import { connect } from './zh-CN/connect'
import { front } from './zh-CN/front'
import { overview } from './zh-CN/overview'
import { playground } from './zh-CN/playground'
import { requests } from './zh-CN/requests'
import { sessions } from './zh-CN/sessions'
import { settings } from './zh-CN/settings'
import { failures, protocols } from './zh-CN/terms'
import { usage } from './zh-CN/usage'

export const zhCN: Messages = {
  ...front,
  capture,
  bulk,
  channels,
  clientKeys,
  connect,
  failures,
  form,
  keys,
  overview,
  paste,
  playground,
  protocols,
  requests,
  sessions,
  settings,
  states,
  test,
  usage,
}
