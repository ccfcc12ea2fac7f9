// English: the dictionary whose shape all languages follow, a module for each area.

import { capture } from './en/capture'
import { bulk } from './en/bulk'
import { channels, form, keys, paste, states, test } from './en/channels'
import { clientKeys } from './en/clientKeys'
import { connect } from './en/connect'
import { front } from './en/front'
import { overview } from './en/overview'
import { playground } from './en/playground'
import { requests } from './en/requests'
import { sessions } from './en/sessions'
import { settings } from './en/settings'
import { failures, protocols } from './en/terms'
import { usage } from './en/usage'

export const en = {
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

export type Messages = typeof en
