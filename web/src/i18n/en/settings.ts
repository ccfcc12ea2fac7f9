export const settings = {
  title: 'Settings',
  sections: {
    general: 'General',
    prices: 'Prices',
    backup: 'Backup',
    history: 'History',
    audit: 'Audit',
  },
}
