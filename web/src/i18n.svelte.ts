// The language of the UI. A dictionary is a typed object loaded on demand; plural and order are its own matter.

import type { Messages } from './i18n/en'
import { front, type Front } from './i18n/en/front'
import { type Patterns, translated } from './i18n/patterns'

export const LANGUAGES = { en: 'English', 'zh-CN': '简体中文' } as const
export type Language = keyof typeof LANGUAGES

const STORED = 'causeway.language'

const FRONT: Record<Language, () => Promise<Front>> = {
  en: () => Promise.resolve(front),
  'zh-CN': async () => (await import('./i18n/zh-CN/front')).front,
}

const ALL: Record<Language, () => Promise<Messages>> = {
  en: async () => (await import('./i18n/en')).en,
  'zh-CN': async () => (await import('./i18n/zh-CN')).zhCN,
}

/** What the gateway says in English. */
const FAULTS: Record<Language, () => Promise<Patterns>> = {
  en: () => Promise.resolve({}),
  'zh-CN': async () => (await import('./i18n/zh-CN/faults')).faults,
}

class I18n {
  language = $state<Language>('en')
  #front = $state.raw<Front>()
  #all = $state.raw<Messages>()
  #faults = $state.raw<Patterns>({})

  /** What may be said before anybody is signed in. */
  get front(): Front {
    return loaded(this.#front)
  }

  /** Everything, once `complete` has come. */
  get t(): Messages {
    return loaded(this.#all)
  }

  /** What the gateway says of a field, of a check or of an import; as it says it where there are no words for it. */
  fault(said: string): string {
    return translated(this.#faults, said)
  }

  /** `whole`: with what is said after the sign-in. */
  async use(language: Language, whole = this.#all !== undefined) {
    if (whole) this.#front = this.#all = await ALL[language]()
    else this.#front = await FRONT[language]()
    this.language = language
    if (whole) void this.#learnFaults()
    document.documentElement.lang = language
  }

  /** Fetches what `use` will take. */
  async prepare(language: Language) {
    await ALL[language]()
  }

  /** Loads what is said after the sign-in. */
  async complete() {
    if (this.#all === undefined) await this.use(this.language, true)
  }

  /** Nothing waits for them: faults come later than the first page. */
  async #learnFaults() {
    this.#faults = await FAULTS[this.language]().catch(() => ({}))
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

function loaded<Dictionary>(dictionary: Dictionary | undefined): Dictionary {
  if (dictionary === undefined) throw new Error('no language is loaded')
  return dictionary
}
