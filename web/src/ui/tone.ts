/** How a state is drawn: well, not quite, badly, or not at all. */
export type Tone = 'good' | 'warn' | 'bad' | 'off'
