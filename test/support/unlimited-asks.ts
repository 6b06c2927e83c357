/** For measurements and floods, which ask for more images than people may (rule S9). */
export const unlimitedAsks = {
  PROOFROOM_ASKS_PER_MINUTE: '100000000',
  PROOFROOM_ASKS_PER_MINUTE_PER_ADDRESS: '100000000',
  PROOFROOM_ASKS_PER_MINUTE_PER_SESSION: '100000000',
  PROOFROOM_DAILY_ASKS: '100000000',
};
