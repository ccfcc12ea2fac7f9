// The language of the UI. A dictionary is a typed object loaded on demand; plural and order are its own matter.

import type { Messages } from './i18n/en'

export const LANGUAGES = { en: 'English', 'zh-CN': '简体中文' } as const
export type Language = keyof typeof LANGUAGES

const STORED = 'causeway.language'

const LOAD: Record<Language, () => Promise<Messages>> = {
  en: async () => (await import('./i18n/en')).en,
  'zh-CN': async () => (await import('./i18n/zh-CN')).zhCN,
}

class I18n {
  language = $state<Language>('en')
  #messages = $state.raw<Messages>()

  get t(): Messages {
    if (this.#messages === undefined) throw new Error('no language is loaded')
    return this.#messages
  }

  async use(language: Language) {
    this.#messages = await LOAD[language]()
    this.language = language
    document.documentElement.lang = language
  }

  async choose(language: Language) {
    localStorage.setItem(STORED, language)
    await this.use(language)
  }
}

export const i18n = new I18n()

/** What this person chose, else what the operator set, else the browser's first known language. */
export function preferredLanguage(operators: string | null | undefined): Language {
  const wishes = [localStorage.getItem(STORED), operators, ...navigator.languages]
  for (const wish of wishes) {
    const match = wish && matchLanguage(wish)
    if (match) return match
  }
  return 'en'
}

/** Finds a language by its tag or its first part: `zh`, `zh-Hans` and `en-GB` match too. */
export function matchLanguage(tag: string): Language | undefined {
  const known = Object.keys(LANGUAGES) as Language[]
  const wanted = tag.toLowerCase()
  const [primary] = wanted.split('-')
  return (
    known.find((language) => language.toLowerCase() === wanted) ??
    known.find((language) => language.split('-')[0] === primary)
  )
}
