-- SPDX-License-Identifier: Apache-2.0
-- What one wrk thread sends, and the figures of the whole run in one line.
-- Arguments after "--":
--   plain                    the same request again and again
--   ranges SIZE LENGTH       GET of LENGTH bytes at a random offset of a blob of SIZE bytes
--   last PREFIX DIGITS COUNT GET of a page that begins after a random one of COUNT numbered names

local prepared = {}

local function prepare(count, make)
    for i = 1, count do prepared[i] = make() end
    local at = 0
    request = function()
        at = at % #prepared + 1
        return prepared[at]
    end
end

function init(args)
    math.randomseed(os.time() + tonumber(tostring({}):sub(8), 16) % 100000)
    if args[1] == "ranges" then
        local size, length = tonumber(args[2]), tonumber(args[3])
        prepare(2000, function()
            local start = math.random(0, size - length)
            wrk.headers["Range"] = string.format("bytes=%d-%d", start, start + length - 1)
            return wrk.format()
        end)
    elseif args[1] == "last" then
        local prefix, digits, count = args[2], tonumber(args[3]), tonumber(args[4])
        local path = wrk.path
        prepare(2000, function()
            local last = string.format("%s%0" .. digits .. "d", prefix, math.random(0, count - 1))
            return wrk.format("GET", path .. "&last=" .. last)
        end)
    end
end

function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format("RESULT %d %d %d %.3f %.3f %d\n", summary.requests, summary.duration, summary.bytes,
        latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.status + e.timeout))
end
