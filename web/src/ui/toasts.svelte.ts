// Short messages about what just happened; spoken politely, gone by themselves.

export interface Toast {
  id: number
  text: string
  tone: 'good' | 'bad'
  /** Takes back what happened. */
  undo?: (() => void) | undefined
}

/** In milliseconds. What can be taken back stays until somebody had the time to regret it. */
const LIFETIME = { good: 4_000, bad: 9_000, undo: 10_000 }
const MOST = 4

class Toasts {
  shown = $state.raw<Toast[]>([])
  #next = 1

  say(text: string, tone: Toast['tone'] = 'good') {
    this.#show({ id: this.#next++, text, tone }, LIFETIME[tone])
  }

  /** Says what was done, with a button that takes it back. */
  offer(text: string, undo: () => void) {
    this.#show({ id: this.#next++, text, tone: 'good', undo }, LIFETIME.undo)
  }

  dismiss(id: number) {
    this.shown = this.shown.filter((toast) => toast.id !== id)
  }

  #show(toast: Toast, lifetime: number) {
    this.shown = [...this.shown, toast].slice(-MOST)
    setTimeout(() => this.dismiss(toast.id), lifetime)
  }
}

export const toasts = new Toasts()
