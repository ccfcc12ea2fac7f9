// Where the person is: the browser's address bar as state.

import { href, parse, type Route } from './router'

/** Asked before a page is left; false keeps the person there. */
type Guard = () => Promise<boolean>

class Navigation {
  route = $state.raw<Route>(parse(location.pathname))
  #guard: Guard | undefined

  /** Follows the browser's back and forward and clicks on links below /ui/. */
  listen() {
    addEventListener('popstate', () => void this.#arrive())
    document.addEventListener('click', (event) => this.#click(event))
  }

  async go(route: Route) {
    if (!(await this.#mayLeave())) return
    history.pushState(null, '', href(route))
    this.#show(route)
  }

  /** Installs a guard for the present page; returns its removal. */
  guard(guard: Guard): () => void {
    this.#guard = guard
    return () => {
      if (this.#guard === guard) this.#guard = undefined
    }
  }

  async #arrive() {
    const shown = this.route
    if (await this.#mayLeave()) this.#show(parse(location.pathname))
    else history.pushState(null, '', href(shown))
  }

  #click(event: MouseEvent) {
    const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!plain || !link || event.defaultPrevented || link.target || link.origin !== location.origin) return
    if (!link.pathname.startsWith('/ui/')) return
    event.preventDefault()
    void this.go(parse(link.pathname))
  }

  async #mayLeave(): Promise<boolean> {
    return this.#guard === undefined || (await this.#guard())
  }

  #show(route: Route) {
    this.#guard = undefined
    this.route = route
    scrollTo(0, 0)
  }
}

export const navigation = new Navigation()
