/** Scripts by which Redis changes a session in one step. Moments are in milliseconds by its own clock. */
import type { Result } from 'ioredis';
import type { RedisClient } from './connection.ts';

type Arguments = (string | number)[];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    /** 1, or 0 when there is no place. Keys: expiry. Arguments: session, places, time until it expires. */
    proofroomTakePlace(...args: Arguments): Result<unknown, Context>;
    /** Keys: document. Arguments: format, document, its own time to live. */
    proofroomCreate(...args: Arguments): Result<unknown, Context>;
    /** The outcome, and the version or the answer before. See `commit` for the arguments. */
    proofroomCommit(...args: Arguments): Result<unknown, Context>;
    /** 1, or 0 when it was gone. Keys: document, answers, order of answers. Arguments: channel, message. */
    proofroomRemove(...args: Arguments): Result<unknown, Context>;
    /** Those that are not among the sessions. Keys, after their number: expiry, holders of each. Arguments: server, idle time, lease, ids. */
    proofroomRenew(...args: Arguments): Result<unknown, Context>;
    /** Keys: expiry, holders. Arguments: server, idle time, session. */
    proofroomRelease(...args: Arguments): Result<unknown, Context>;
    /** Sessions that expire within a time. Keys: expiry. Arguments: that time. */
    proofroomIdle(...args: Arguments): Result<unknown, Context>;
    /** Sessions that have expired. Keys: expiry. Arguments: how long they are not told again, how many at most. */
    proofroomClaim(...args: Arguments): Result<unknown, Context>;
  }
}

/** Begins each script that needs the time. With the microseconds, no two sessions become idle in the same moment. */
export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
`;

const takePlace = `${NOW}
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
return 1
`;

const create = `
redis.call('HSET', KEYS[1], 'version', 1, 'format', ARGV[1], 'document', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
`;

const commit = `
local expected, format, document, commandId, answer = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local remembered, timeToLive, channel, message, mostToTell = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10]
local stored = redis.call('HMGET', KEYS[1], 'version', 'format')
local version = stored[1]
if not version then return {'gone'} end
if tonumber(stored[2]) > tonumber(format) then return {'newer'} end
if commandId ~= '' then
  local before = redis.call('HGET', KEYS[2], commandId)
  if before then return {'answered', before} end
end
if version ~= expected then return {'conflict'} end
if document ~= '' then
  version = tostring(math.floor(version + 1))
  redis.call('HSET', KEYS[1], 'version', version, 'format', format, 'document', document)
end
if commandId ~= '' then
  redis.call('HSET', KEYS[2], commandId, answer)
  if redis.call('RPUSH', KEYS[3], commandId) > tonumber(remembered) then
    redis.call('HDEL', KEYS[2], redis.call('LPOP', KEYS[3]))
  end
end
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, timeToLive) end
if document ~= '' then
  if #document <= tonumber(mostToTell) then message = message .. version .. ' ' .. format .. ' ' .. document end
  redis.call('PUBLISH', channel, message)
end
return {'committed', version}
`;

const remove = `
local removed = redis.call('DEL', KEYS[1])
redis.call('DEL', KEYS[2], KEYS[3])
if removed == 1 then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
return removed
`;

const renew = `${NOW}
local server, idle, lease = ARGV[1], ARGV[2], ARGV[3]
local missing = {}
for i = 2, #KEYS do
  local session = ARGV[i + 2]
  if redis.call('ZSCORE', KEYS[1], session) then
    redis.call('ZADD', KEYS[1], now + idle + lease, session)
    redis.call('ZADD', KEYS[i], now + lease, server)
    redis.call('PEXPIRE', KEYS[i], lease)
  else
    missing[#missing + 1] = session
  end
end
return missing
`;

const release = `${NOW}
local server, idle, session = ARGV[1], ARGV[2], ARGV[3]
redis.call('ZREM', KEYS[2], server)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) == 0 then redis.call('ZADD', KEYS[1], 'XX', now + idle, session) end
`;

const idle = `${NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now + ARGV[1])
`;

const claim = `${NOW}
local expired = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])
for _, session in ipairs(expired) do redis.call('ZADD', KEYS[1], now + ARGV[1], session) end
return expired
`;

export function defineSessionScripts(client: RedisClient): void {
  client.defineCommand('proofroomTakePlace', { lua: takePlace, numberOfKeys: 1 });
  client.defineCommand('proofroomCreate', { lua: create, numberOfKeys: 1 });
  client.defineCommand('proofroomCommit', { lua: commit, numberOfKeys: 3 });
  client.defineCommand('proofroomRemove', { lua: remove, numberOfKeys: 3 });
  client.defineCommand('proofroomRenew', { lua: renew });
  client.defineCommand('proofroomRelease', { lua: release, numberOfKeys: 2 });
  client.defineCommand('proofroomIdle', { lua: idle, numberOfKeys: 1 });
  client.defineCommand('proofroomClaim', { lua: claim, numberOfKeys: 1 });
}
