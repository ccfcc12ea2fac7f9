// Short names for the generated schema's types.

import type { components } from './schema'

type Schemas = components['schemas']

export type Bootstrap = Schemas['Bootstrap']
export type Protocol = Schemas['Protocol']
export type Endpoint = Schemas['Endpoint']
export type Class = Schemas['Class']
export type Key = Schemas['KeyView']
export type KeyHealth = Schemas['KeyHealth']
export type ProtocolHealth = Schemas['ProtocolHealth']
export type ChannelSummary = Schemas['ChannelSummary']
export type Channel = Schemas['ChannelView']
export type ChannelWrite = Schemas['ChannelWrite']
export type TestResult = Schemas['TestResult']
export type PastedChannel = Schemas['ChannelDraft']
