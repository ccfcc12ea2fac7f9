export const common = {
  cancel: 'Cancel',
  close: 'Close',
  retry: 'Try again',
  copy: 'Copy',
  copied: 'Copied',
  remove: 'Remove',
  optional: 'optional',
  loading: 'Loading…',
  stale: 'What is shown may be old.',
  chart: { asTable: 'As a table', from: 'From' },
  range: {
    label: 'Range of time',
    lengths: { '1h': '1 hour', '24h': '24 hours', '7d': '7 days', '30d': '30 days' },
    custom: 'Custom',
    since: 'From',
    until: 'Until',
  },
}
