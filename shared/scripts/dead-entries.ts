/**
 * drop_dead_entries(queue, base, group, pages, all): removes entries of jobs whose deadline has passed, which no pool was there to do; entries
 * carry it. Looks at `pages` hundreds of the oldest at most, since all others wait meanwhile; unless `all` is set, at no more once
 * some were dropped. Who follows such a job and has more time is run in its place. Expects FINISH.
 */
export const DROP_DEAD_ENTRIES = `
local function drop_dead_entries(queue, base, group, pages, all)
  local dropped, from = false, '-'
  for _ = 1, pages do
    local page = redis.call('XRANGE', queue, from, '+', 'COUNT', 100)
    for _, entry in ipairs(page) do
      from = '(' .. entry[1]
      if (tonumber(entry[2][4]) or 0) <= now_ms() then
        local dead = read_state(base .. 'job:' .. entry[2][2])
        if dead.followed == '1' then promote(base, entry[2][2], dead) end
        redis.call('XACK', queue, group, entry[1])
        redis.call('XDEL', queue, entry[1])
        dropped = true
      end
    end
    if (dropped and not all) or #page < 100 then break end
  end
end
`
