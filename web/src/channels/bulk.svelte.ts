// One change for several channels, under way. The API writes one channel at a time, so this does too: a channel that
// somebody else has changed is told and left alone, any other refusal ends it.

import { api, result } from '../api/client'
import { asProblem } from '../api/problem'
import type { ChannelWrite } from '../api/types'
import { explainFault } from '../problems'
import { type Change, undoOf, writeOf } from './bulk'

export type StepState = 'waiting' | 'sending' | 'done' | 'undone' | 'conflict' | 'gone' | 'refused'

/** One channel's part. */
export class Step {
  state = $state<StepState>('waiting')
  /** In the server's words. */
  reason = $state<string>()

  constructor(
    readonly id: string,
    readonly change: Change,
    /** What the channel has to be for it. */
    public version: string,
  ) {}
}

export class Bulk {
  readonly steps: Step[]
  running = $state(false)
  /** Whether a person or a refusal ended it before the last channel. */
  stopped = $state(false)

  constructor(steps: Step[]) {
    this.steps = steps
  }

  count(...states: StepState[]): number {
    return this.steps.filter(({ state }) => states.includes(state)).length
  }

  get canUndo(): boolean {
    return this.steps.some(({ state, change }) => state === 'done' && undoOf(change) !== undefined)
  }

  run() {
    return this.#each(this.steps, 'done', (step) => {
      const write = writeOf(step.change)
      return write === undefined ? remove(step) : patch(step, write)
    })
  }

  /** Takes back what was done, the last first. */
  undo() {
    const done = this.steps.filter(({ state }) => state === 'done').reverse()
    return this.#each(done, 'undone', (step) => patch(step, undoOf(step.change) ?? {}))
  }

  /** After the channel that is being written. */
  stop() {
    this.stopped = true
  }

  async #each(steps: Step[], end: StepState, write: (step: Step) => Promise<void>) {
    this.running = true
    this.stopped = false
    for (const step of steps) {
      step.state = 'sending'
      try {
        await write(step)
        step.state = end
      } catch (thrown) {
        this.#refused(step, thrown)
      }
      if (this.stopped) break
    }
    this.running = false
  }

  #refused(step: Step, thrown: unknown) {
    const problem = asProblem(thrown)
    step.state = problem.isConflict ? 'conflict' : problem.status === 404 ? 'gone' : 'refused'
    if (step.state !== 'refused') return
    this.stopped = true
    step.reason = explainFault(problem)
  }
}

function at({ id, version }: Step) {
  return { params: { path: { id }, header: { 'If-Match': `"${version}"` } } }
}

async function patch(step: Step, body: ChannelWrite) {
  const { version } = await result(api.PATCH('/api/channels/{id}', { ...at(step), body }))
  step.version = version
}

async function remove(step: Step) {
  await result(api.DELETE('/api/channels/{id}', at(step)))
}
