// Short messages about what just happened; spoken politely, gone by themselves.

export interface Toast {
  id: number
  text: string
  tone: 'good' | 'bad'
}

const LIFETIME = { good: 4000, bad: 9000 }
const MOST = 4

class Toasts {
  shown = $state.raw<Toast[]>([])
  #next = 1

  say(text: string, tone: Toast['tone'] = 'good') {
    const toast = { id: this.#next++, text, tone }
    this.shown = [...this.shown, toast].slice(-MOST)
    setTimeout(() => this.dismiss(toast.id), LIFETIME[tone])
  }

  dismiss(id: number) {
    this.shown = this.shown.filter((toast) => toast.id !== id)
  }
}

export const toasts = new Toasts()
