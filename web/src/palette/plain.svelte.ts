// Whether shortcuts of a single letter are wanted: speech input and some hands press them by mistake.

const STORED = 'causeway.shortcuts'

class PlainKeys {
  on = $state(localStorage.getItem(STORED) !== 'off')

  choose(on: boolean) {
    this.on = on
    if (on) localStorage.removeItem(STORED)
    else localStorage.setItem(STORED, 'off')
  }
}

export const plainKeys = new PlainKeys()
