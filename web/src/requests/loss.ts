// What conversions could not carry, as records tell it: `top_k=dropped, thinking.budget=approximated`.

const WAYS = ['dropped', 'approximated', 'emulated'] as const

export interface Loss {
  feature: string
  /** Undefined where the record was cut short. */
  how: (typeof WAYS)[number] | undefined
}

export function lossesOf(text: string): Loss[] {
  return text
    .split(', ')
    .filter(Boolean)
    .map((part) => {
      const [feature = part, how] = part.split('=')
      return { feature, how: WAYS.find((way) => way === how) }
    })
}
