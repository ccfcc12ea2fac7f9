// Everything that can be reached or done from anywhere.

import { attempt } from '../actions'
import { list } from '../channels/list.svelte'
import { i18n, LANGUAGES, type Language } from '../i18n.svelte'
import { navigation } from '../navigation.svelte'
import { type Route, SECTIONS } from '../router'
import { session } from '../session.svelte'
import { theme, THEMES } from '../theme.svelte'
import { PLACES } from './keys'
import type { Command } from './search'

/** In the present language. A request's id, pasted whole, opens its record. */
export function commands(query: string): Command[] {
  return [...request(query), ...pages(), ...channels(), ...actions()]
}

function to(id: string, label: string, kind: string, route: Route): Command {
  return { id, label, kind, run: () => void navigation.go(route) }
}

function request(query: string): Command[] {
  const { palette } = i18n.t.shell
  const [id] = /\breq_\w+/.exec(query) ?? []
  return id === undefined ? [] : [to(id, palette.openRequest(id), palette.request, { page: 'requests', id })]
}

function pages(): Command[] {
  const { palette, places } = i18n.t.shell
  const { title, sections } = i18n.t.settings
  const kind = palette.page
  return [
    ...Object.values(PLACES)
      .filter(({ page }) => page !== 'settings')
      .map((route) => to(route.page, places[route.page], kind, route)),
    ...SECTIONS.map((section) =>
      to(`settings-${section}`, `${title}: ${sections[section]}`, kind, { page: 'settings', section }),
    ),
    to('sessions', `${places.requests}: ${i18n.t.sessions.title}`, kind, { page: 'sessions' }),
    to('new-channel', i18n.t.channels.add, palette.action, { page: 'newChannel' }),
    to('new-key', i18n.t.clientKeys.add, palette.action, { page: 'newKey' }),
  ]
}

function channels(): Command[] {
  const kind = i18n.t.shell.palette.channel
  return (list.channels ?? []).map(({ id, name }) => to(id, name, kind, { page: 'channel', id }))
}

function actions(): Command[] {
  const { palette, theme: themeWord, themes, language, signOut } = i18n.t.shell
  const kind = palette.action
  return [
    ...THEMES.map((choice): Command => ({
      id: `theme-${choice}`,
      label: `${themeWord}: ${themes[choice]}`,
      kind,
      run: () => theme.choose(choice),
    })),
    ...(Object.keys(LANGUAGES) as Language[]).map((choice): Command => ({
      id: `language-${choice}`,
      label: `${language}: ${LANGUAGES[choice]}`,
      kind,
      run: () => void i18n.choose(choice),
    })),
    {
      id: 'sign-out',
      label: signOut,
      kind,
      run: () => void attempt(session.signOut()),
    },
  ]
}
