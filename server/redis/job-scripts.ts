/**
 * The scripts of the queue. All keys share a hash slot:
 *   places      a hash: job → JSON of a place, for jobs that wait or are to come
 *   withdrawn   a sorted set of the jobs that were withdrawn lately, by the moment at which that is forgotten
 *   active      BullMQ's list of the jobs that are being done
 *   <jobs><id>  BullMQ's hash of a job. Where it is missing, the job has ended or was never added
 *
 * A place has its `address` and `session`, a `number` by which those that came first come first, and the moment `until`, in milliseconds,
 * from which on it counts only if the job is there. Once the job was added it has a `slot` and a `turn` as well. Turns go round by address: each waiting job of an address has a slot, a
 * number that is BullMQ's priority, and a new one comes after the address's others, but not before the lowest of all (start-time fair
 * queueing). The jobs of an address share its slots by `turn` in the same way, so that turns go round by session.
 */
import { RedisScript } from './script.ts';

const common = `
local places, withdrawn, active, jobs = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local HIGHEST_PRIORITY = 2097151

local function exists(name) return redis.call('EXISTS', jobs .. name) == 1 end
local function keep(name, place) redis.call('HSET', places, name, cjson.encode(place)) end

-- The jobs that are being done, and by name the places of all others. Places that have lapsed are removed.
local function read()
  local running, isRunning, all = redis.call('LRANGE', active, 0, -1), {}, {}
  for _, name in ipairs(running) do isRunning[name] = true end
  local fields = redis.call('HGETALL', places)
  for index = 1, #fields, 2 do
    local name, place = fields[index], cjson.decode(fields[index + 1])
    if place['until'] <= now and not exists(name) then redis.call('HDEL', places, name)
    elseif not isRunning[name] then all[name] = place end
  end
  return all, running, isRunning
end

-- Gives the lowest slots that the waiting jobs of an address have to these jobs, by turn. Returns those whose slot changes.
local function assign(all, address)
  local names, slots = {}, {}
  for name, place in pairs(all) do
    if place.slot and place.address == address then
      table.insert(names, name)
      table.insert(slots, place.slot)
    end
  end
  table.sort(slots)
  table.sort(names, function(one, other)
    if all[one].turn ~= all[other].turn then return all[one].turn < all[other].turn end
    return all[one].number < all[other].number
  end)
  local moved = {}
  for index, name in ipairs(names) do
    if all[name].slot ~= slots[index] then
      all[name].slot = slots[index]
      keep(name, all[name])
      table.insert(moved, { name, slots[index] })
    end
  end
  return moved
end
`;

/**
 * ARGV: four limits, how long places are kept, the address, the session, the jobs. Returns the limit that is reached, or an empty text.
 */
export const reservePlaces = new RedisScript(`#!lua
${common}
local concurrent, queued, perAddress, perSession = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local keptMs, address, session = tonumber(ARGV[5]), ARGV[6], ARGV[7]
local all, running, isRunning = read()

local waiting, number = {}, 0
for _, place in pairs(all) do
  table.insert(waiting, place)
  number = math.max(number, place.number)
end
table.sort(waiting, function(one, other)
  if (one.slot == nil) ~= (other.slot == nil) then return other.slot == nil end
  return one.number < other.number
end)

local added = {}
for index = 8, #ARGV do
  local name = ARGV[index]
  if not all[name] and not isRunning[name] then table.insert(added, name) end
end
if #added == 0 then return '' end

-- The first ones start at once, so they do not wait.
local free = math.max(0, concurrent - #running)
local ofAddress, ofSession = 0, 0
for index = free + 1, #waiting do
  if waiting[index].address == address then
    ofAddress = ofAddress + 1
    if waiting[index].session == session then ofSession = ofSession + 1 end
  end
end
local beyond = math.max(0, #added - math.max(0, free - #waiting))
if #running + #waiting + #added > concurrent + queued then return 'server' end
if ofAddress + beyond > perAddress then return 'address' end
if ofSession + beyond > perSession then return 'session' end
for index, name in ipairs(added) do
  keep(name, { address = address, session = session, ['until'] = now + keptMs, number = number + index })
end
return ''
`);

/**
 * ARGV: how long places are kept; then each job, its address and its session. Returns the jobs to be added, with their priorities, and
 * those whose priority changes.
 */
export const enqueue = new RedisScript(`#!lua flags=allow-oom
${common}
local all = read()
local names, addresses = {}, {}
for index = 2, #ARGV, 3 do
  local name, address, session = ARGV[index], ARGV[index + 1], ARGV[index + 2]
  if not exists(name) and not redis.call('ZSCORE', withdrawn, name) then
    table.insert(names, name)
    addresses[address] = true
    if not all[name] or not all[name].slot then
      local number, lowest, slot, lowestTurn, turn = 0, math.huge, 0, math.huge, 0
      for _, place in pairs(all) do
        number = math.max(number, place.number)
        if place.slot then
          lowest = math.min(lowest, place.slot)
          if place.address == address then
            slot, lowestTurn = math.max(slot, place.slot), math.min(lowestTurn, place.turn)
            if place.session == session then turn = math.max(turn, place.turn) end
          end
        end
      end
      all[name] = {
        address = address, session = session, ['until'] = now + ARGV[1],
        number = number + 1,
        slot = math.min(HIGHEST_PRIORITY, lowest < math.huge and math.max(slot + 1, lowest) or 1),
        turn = lowestTurn < math.huge and math.max(turn + 1, lowestTurn) or 1,
      }
      keep(name, all[name])
    end
  end
end

local moved, added = {}, {}
for address in pairs(addresses) do
  for _, move in ipairs(assign(all, address)) do table.insert(moved, move) end
end
for _, name in ipairs(names) do table.insert(added, { name, all[name].slot }) end
return { added, moved }
`);

/** ARGV: the channel, the message, the job. Returns 1, or 0 when it was withdrawn. */
export const begin = new RedisScript(`#!lua flags=allow-oom
${common}
redis.call('HDEL', places, ARGV[3])
redis.call('PUBLISH', ARGV[1], ARGV[2])
return redis.call('ZSCORE', withdrawn, ARGV[3]) and 0 or 1
`);

/**
 * BullMQ's lock of a job has lapsed because Redis was away. ARGV: the job, the token of its worker, how long the lock lasts. Returns 1
 * when the worker has it again, or 0 when the job is not its own any more.
 */
export const lockAgain = new RedisScript(`#!lua flags=allow-oom
${common}
local lock = jobs .. ARGV[1] .. ':lock'
if not redis.call('LPOS', active, ARGV[1]) or not exists(ARGV[1]) then return 0 end
if not redis.call('SET', lock, ARGV[2], 'NX', 'PX', ARGV[3]) and redis.call('GET', lock) ~= ARGV[2] then return 0 end
redis.call('SREM', jobs .. 'stalled', ARGV[1])
return 1
`);

/**
 * ARGV: the channel, the message, how long the withdrawal is remembered, the jobs. Returns those whose priority changes, and those that had
 * not begun: they still had their place.
 */
export const withdraw = new RedisScript(`#!lua flags=allow-oom
${common}
redis.call('ZREMRANGEBYSCORE', withdrawn, '-inf', now)
local all = read()
local addresses, unbegun = {}, {}
for index = 4, #ARGV do
  local name = ARGV[index]
  local place = all[name]
  if (place and place.slot) or exists(name) then redis.call('ZADD', withdrawn, now + ARGV[3], name) end
  if redis.call('HDEL', places, name) == 1 then table.insert(unbegun, name) end
  if place then
    all[name] = nil
    addresses[place.address] = true
  end
end
redis.call('PUBLISH', ARGV[1], ARGV[2])
local moved = {}
for address in pairs(addresses) do
  for _, move in ipairs(assign(all, address)) do table.insert(moved, move) end
end
return { moved, unbegun }
`);
