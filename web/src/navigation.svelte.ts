// Where the person is: the browser's address bar as state.

import { changed, href, isSamePlace, parse, queryOf, type Query, type Route } from './router'

/** Asked before a page is left; false keeps the person there. */
type Guard = () => Promise<boolean>

class Navigation {
  route = $state.raw<Route>(parse(location.pathname))
  query = $state.raw<Query>(queryOf(location.search))
  #guard: Guard | undefined

  /** Follows the browser's back and forward and clicks on links below /ui/. */
  listen() {
    addEventListener('popstate', () => void this.#arrive())
    document.addEventListener('click', (event) => this.#click(event))
  }

  async go(route: Route, query: Query = {}) {
    if (!(await this.#mayLeave(route))) return
    history.pushState(null, '', href(route, query))
    this.#show(route, query)
  }

  /** Changes parts of the query. `replace` leaves no step to go back to: for what is being typed. */
  ask(change: Readonly<Record<string, string | undefined>>, how: 'push' | 'replace' = 'push') {
    const query = changed(this.query, change)
    const address = href(this.route, query)
    if (how === 'push') history.pushState(null, '', address)
    else history.replaceState(null, '', address)
    this.query = query
  }

  /** Installs a guard for the present page; returns its removal. */
  guard(guard: Guard): () => void {
    this.#guard = guard
    return () => {
      if (this.#guard === guard) this.#guard = undefined
    }
  }

  async #arrive() {
    const { route: shown, query } = this
    const next = parse(location.pathname)
    if (await this.#mayLeave(next)) this.#show(next, queryOf(location.search))
    else history.pushState(null, '', href(shown, query))
  }

  #click(event: MouseEvent) {
    const plain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (!plain || !link || event.defaultPrevented || link.target || link.origin !== location.origin) return
    if (!link.pathname.startsWith('/ui/') || link.hash || link.hasAttribute('download')) return
    event.preventDefault()
    void this.go(parse(link.pathname), queryOf(link.search))
  }

  async #mayLeave(next: Route): Promise<boolean> {
    return this.#guard === undefined || isSamePlace(next, this.route) || (await this.#guard())
  }

  #show(route: Route, query: Query) {
    if (!isSamePlace(route, this.route)) {
      this.#guard = undefined
      scrollTo(0, 0)
    }
    // The same query stays the same object: nothing that depends on it has to begin anew.
    if (href(route, query) !== href(route, this.query)) this.query = query
    this.route = route
  }
}

export const navigation = new Navigation()
