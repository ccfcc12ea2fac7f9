export const channels = {
  title: 'Channels',
  /** `all`: those in service. */
  lead: (usable: number, all: number, standby: number) => {
    const others = standby === 0 ? '' : ` ${standby} on standby.`
    if (all === 0) return `No channel is in service.${others}`
    if (usable < all) return `${usable} of ${all} channels can serve.${others}`
    return (all === 1 ? 'The one channel can serve.' : `All ${all} channels can serve.`) + others
  },
  add: 'Add channel',
  empty: 'No channel yet',
  emptyLead:
    'A channel is an upstream: where requests go, and the keys to get in. Add one and this gateway can answer.',
  stale: 'This list may be old: the gateway did not answer.',
  priority: (priority: number) => `Priority ${priority}`,
  order: 'In the order they are tried. Channels with the same number share the traffic by weight.',
  service: 'In service',
  noneInService: 'Until a channel is brought into service, every request is turned away.',
  standby: 'Standby',
  standbyLead:
    'Paused by hand: they get no requests, and keep their keys, until you bring them into service.',
  confirmReorder: 'Give each channel a place of its own?',
  confirmReorderBody:
    'Channels that share a priority now, and with it the traffic, are tried one after the other from then on.',
  confirmReorderAction: 'Reorder',
  edit: (name: string) => `Edit ${name}`,
  test: 'Test now',
  duplicate: 'Duplicate',
  duplicated: (name: string) => `${name} is copied. The copy is on standby.`,
  toStandby: 'Move to standby',
  toService: 'Bring into service',
  isOnStandby: (name: string) => `${name} is on standby.`,
  isInService: (name: string) => `${name} is in service.`,
  promote: 'Use first for 5 minutes',
  unpromote: 'Stop using first',
  promoted: (wait: string) => `First for ${wait}`,
  delete: 'Delete…',
  more: (name: string) => `More actions for ${name}`,
  recover: 'Forget failures, try now',
  moveUp: 'Move up',
  moveDown: 'Move down',
  drag: 'Drag to reorder',
  select: (name: string) => `Choose ${name}`,
  moved: (name: string, position: number, of: number) => `${name} is now ${position} of ${of}.`,
  confirmDelete: (name: string) => `Delete ${name}?`,
  confirmDeleteBody: 'Its endpoints, keys and health are gone at once. Requests on their way end normally.',
  confirmDeleteAction: 'Delete channel',
  deleted: (name: string) => `${name} is deleted.`,
  keys: (usable: number, all: number) =>
    all === 0
      ? 'No key'
      : usable === all
        ? all === 1
          ? '1 key'
          : `${all} keys`
        : `${usable} of ${all} keys usable`,
  day: {
    success: (share: string, count: string) => `${share} of ${count} served`,
    failed: (count: string) => `${count} failed`,
    chart: (count: string, failed: string) =>
      `Requests of the last 24 hours: ${count}, of which ${failed} failed`,
    p95: (time: string) => `95 of 100 within ${time}`,
    none: 'No request in 24 hours',
  },
  showKeys: (name: string) => `Keys of ${name}`,
  weight: (weight: number) => `weight ${weight}`,
  inFlight: (count: number) => `${count} in flight`,
}

export const states = {
  active: 'Active',
  paused: 'Paused by you',
  noKey: 'No usable key',
  open: 'Tripped',
  refused: 'Key refused',
  halfOpen: 'Testing',
  cooling: 'Cooling down',
  partial: 'Partly working',
  again: (wait: string) => `again in ${wait}`,
  soon: 'again with the next request',
}

export const test = {
  title: (name: string) => `Test of ${name}`,
  running: 'Asking the upstream…',
  good: (count: number) => (count === 1 ? 'The check passed.' : `All ${count} checks passed.`),
  bad: (count: number, all: number) => `${count} of ${all} checks failed.`,
  again: 'Test again',
  connect: 'Connect a client',
  everyKey: 'Test every key',
  raw: 'What the upstream sent',
  models: (count: number) => (count === 1 ? '1 model' : `${count} models`),
  milliseconds: (time: number) => `${time} ms`,
  checks: { models: 'model list', request: 'request', stream: 'stream', tools: 'tool call' },
}

export const paste = {
  title: 'Paste what you have',
  text: 'Anything that names an address and a key',
  hint: 'A curl command, a .env file, a client’s settings, a message. It fills the form below, and is kept nowhere.',
  again: 'Paste something else',
  read: 'Read it',
  use: 'Fill the form',
  found: (count: number) =>
    count === 0
      ? 'No address and no key was found.'
      : count === 1
        ? 'The form below is filled in from what you pasted.'
        : `${count} channels were found. Choose one.`,
  what: {
    baseUrl: 'Address',
    protocol: 'Protocol',
    key: 'Key',
    model: 'Model',
    header: 'Header',
    name: 'Name',
    page: 'Left out',
  },
  sure: { guess: 'a guess', likely: 'likely', certain: 'certain' },
}

export const keys = {
  title: 'Keys',
  new: 'New key',
  name: 'Name',
  pause: (key: string) => `Pause key ${key}`,
  resume: (key: string) => `Resume key ${key}`,
  restore: (key: string) => `Restore key ${key}: forget its failures`,
  remove: (key: string) => `Delete key ${key}`,
  replace: (key: string) => `Replace key ${key}`,
  replacement: (key: string) => `New key in place of ${key}`,
  replaceAction: 'Replace',
  replaced: 'The new key is used from now on.',
  added: 'The key is added.',
  confirmDelete: (key: string) => `Delete key ${key}?`,
  confirmDeleteBody: 'It cannot be shown or brought back.',
  confirmDeleteAction: 'Delete key',
  add: 'Add key',
  writeOnly:
    'Keys go in and never come out: only their ends are shown again. Paste several lines to add several keys.',
  restored: 'The key is tried again.',
}

export const form = {
  createTitle: 'Add channel',
  editTitle: (name: string) => `Edit ${name}`,
  back: 'Channels',
  name: 'Name',
  nameHint: 'Unique. Clients can ask for it with the header X-Channel.',
  endpoints: 'Endpoints',
  endpointsHint:
    'A protocol the upstream speaks natively is passed through unchanged; the others are converted.',
  protocol: 'Protocol',
  baseUrl: 'Base URL',
  addEndpoint: 'Add endpoint',
  removeEndpoint: (position: number) => `Remove endpoint ${position}`,
  key: 'Key',
  removeKey: (position: number) => `Remove new key ${position}`,
  routing: 'Routing',
  priority: 'Priority',
  priorityHint: 'Lower is tried first.',
  priorityHintNew: 'Lower is tried first. Empty: after all others.',
  weight: 'Weight',
  weightHint: 'Share of the traffic inside one priority.',
  number: 'Enter a whole number.',
  models: 'Models',
  modelsHint: 'One per line. * matches anything, ! excludes. Empty: all models.',
  modelMap: 'Model names',
  modelMapHint: 'Sends a model under another name to this upstream.',
  from: 'Asked for',
  to: 'Sent as',
  addMapping: 'Add name',
  removeMapping: (position: number) => `Remove name ${position}`,
  create: 'Add channel',
  createAndTest: 'Add and test',
  save: 'Save changes',
  saving: 'Saving…',
  created: (name: string) => `${name} is added.`,
  saved: (name: string) => `${name} is saved.`,
  invalid: 'Some fields need another look.',
  gone: 'This channel no longer exists.',
  conflict: 'Somebody changed this channel while you were editing.',
  conflictSame: 'Their change does not touch the fields below.',
  conflictFields: (fields: string) => `Changed there: ${fields}.`,
  takeTheirs: 'Show the current state',
  keepMine: 'Save my changes too',
  leave: 'Leave without saving?',
  leaveBody: 'What you changed on this page is lost.',
  leaveAction: 'Leave',
  stay: 'Stay',
}
