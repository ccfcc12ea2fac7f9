export const common = {
  cancel: 'Cancel',
  close: 'Close',
  retry: 'Try again',
  copy: 'Copy',
  copied: 'Copied',
  remove: 'Remove',
  optional: 'optional',
  loading: 'Loading…',
}
