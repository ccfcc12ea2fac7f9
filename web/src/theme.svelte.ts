// Light or dark: the system's choice unless a person made one here.

export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const STORED = 'causeway.theme'

class ThemeChoice {
  current = $state<Theme>(stored())

  /** Puts the choice on the document; the style sheet does the rest. */
  apply() {
    const root = document.documentElement
    if (this.current === 'system') delete root.dataset['theme']
    else root.dataset['theme'] = this.current
  }

  choose(theme: Theme) {
    this.current = theme
    if (theme === 'system') localStorage.removeItem(STORED)
    else localStorage.setItem(STORED, theme)
    this.apply()
  }
}

function stored(): Theme {
  const value = localStorage.getItem(STORED)
  return THEMES.find((theme) => theme === value) ?? 'system'
}

export const theme = new ThemeChoice()
