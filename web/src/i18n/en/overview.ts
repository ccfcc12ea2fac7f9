import { requests } from './count'

export const overview = {
  title: 'Overview',
  sentence: (usable: number, all: number) =>
    all === 0
      ? 'No channel is in service.'
      : usable === all
        ? all === 1
          ? 'The one channel in service can serve.'
          : `All ${all} channels in service can serve.`
        : `${usable} of ${all} channels in service can serve.`,
  inFlight: (count: number) => (count === 1 ? '1 request is under way.' : `${count} requests are under way.`),
  attention: 'Needs attention',
  problems: {
    noChannel: 'There is no channel: nothing can be served yet.',
    noneServes: 'No channel can serve: every request fails.',
    noRecords: (why: string) => `Requests cannot be recorded: ${why}`,
    dropped: (count: string) => `${requests(count)} could be served, but not recorded.`,
    failing: (share: string) => `${share} of the last day’s requests failed.`,
    unpriced: (count: string) => `${requests(count)} of the last day used something without a known price.`,
    addKey: 'Add a key',
    replaceKey: 'Replace the key',
    showRequests: 'Show its requests',
    showFailed: 'Show failed requests',
    toChannels: 'Go to the channels',
  },
  than: (change: string) => `${change} on the day before`,
  was: (value: string) => `${value} the day before`,
  traffic: 'Requests in the last 24 hours',
  failures: 'Failed last',
  allFailures: 'All failed requests',
  noFailures: 'No request failed in the last 24 hours.',
  first: {
    title: 'Three steps to the first answer',
    lead: 'Nothing is set up yet.',
    done: 'done',
    channel: {
      title: 'Add a channel',
      lead: 'Where requests go. Paste a curl command of your vendor, and the form fills itself.',
      action: 'Add channel',
    },
    client: {
      title: 'Connect a client',
      lead: 'Claude Code, Codex, Gemini CLI, any SDK: with a key of this gateway, and two lines to copy.',
      action: 'Connect a client',
    },
    request: {
      title: 'See its first request',
      lead: 'Who served it and why, how long it took, what it cost.',
    },
  },
  quiet: 'No request in the last 24 hours',
  quietLead: 'Point a client at this gateway, and its traffic shows up here.',
  connect: 'Connect a client',
}
