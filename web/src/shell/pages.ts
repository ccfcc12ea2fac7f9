// Where each page's code is. A page is loaded when it is first opened.

import type { Component } from 'svelte'
import type { Route, Section } from '../router'

/** What its address says of it, a page reads from `navigation`. */
export type Page = Component<Record<string, never>>
type Load = () => Promise<{ default: Page }>

const channel: Load = () => import('../channels/ChannelPage.svelte')
const key: Load = () => import('../keys/KeyPage.svelte')

const PAGES: Record<Exclude<Route['page'], 'settings'>, Load> = {
  overview: () => import('../overview/OverviewPage.svelte'),
  channels: () => import('../channels/ChannelsPage.svelte'),
  newChannel: channel,
  channel,
  requests: () => import('../requests/RequestsPage.svelte'),
  sessions: () => import('../requests/SessionsPage.svelte'),
  route: () => import('../requests/RoutePage.svelte'),
  usage: () => import('../usage/UsagePage.svelte'),
  keys: () => import('../keys/KeysPage.svelte'),
  newKey: key,
  key,
  connect: () => import('../connect/ConnectPage.svelte'),
  playground: () => import('../playground/PlaygroundPage.svelte'),
  notFound: () => import('./NotFoundPage.svelte'),
}

const SETTINGS: Record<Section, Load> = {
  general: () => import('../settings/GeneralPage.svelte'),
  prices: () => import('../settings/PricesPage.svelte'),
  backup: () => import('../settings/BackupPage.svelte'),
  capture: () => import('../capture/CapturePage.svelte'),
  history: () => import('../settings/HistoryPage.svelte'),
  audit: () => import('../settings/AuditPage.svelte'),
}

const loaded = new Map<Load, Page>()

export async function pageOf(route: Route): Promise<Page> {
  const load = loadOf(route)
  const { default: page } = await load()
  loaded.set(load, page)
  return page
}

/** The page, where its code is there already. */
export function loadedPage(route: Route): Page | undefined {
  return loaded.get(loadOf(route))
}

function loadOf(route: Route): Load {
  return route.page === 'settings' ? SETTINGS[route.section] : PAGES[route.page]
}
