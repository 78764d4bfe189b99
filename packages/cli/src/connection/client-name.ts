/** What the command line is, for the daemon's log. */
export const CLIENT_NAME = 'holdfast';
