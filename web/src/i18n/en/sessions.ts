export const sessions = {
  title: 'Sessions',
  lead: 'What each conversation of a client did and cost, the last used first.',
  last: 'Last request',
  lasted: (time: string) => `over ${time}`,
  models: 'Models',
  channels: 'Channels',
  requests: 'Requests',
  failed: (count: string) => `${count} failed`,
  empty: 'No session in this range',
  emptyLead:
    'Claude Code, Codex and other clients tell which conversation a request belongs to. Their conversations show up here.',
  incomplete:
    'More happened in this range than is shown: only the newest requests are added up here. A shorter range, or an earlier one, tells the rest.',
}
