-- Sends the requests of a file in their order, from the beginning again at its end, and prints what
-- was measured as one line of JSON. A line of the file: method, path, token, body, separated by tabs.
-- {n} in path and body becomes a number that no other request of this machine has had.

local requests = {}
local position = 0
local serial = tonumber(os.getenv("LOAD_SERIAL"))

local function read(name)
  for line in io.lines(name) do
    local method, path, token, body = line:match("^(.-)\t(.-)\t(.-)\t(.*)$")
    local headers = {}
    if token ~= "" then headers["Authorization"] = "Bearer " .. token end
    if body ~= "" then headers["Content-Type"] = "application/json" end
    if body == "" then body = nil end
    if line:find("{n}", 1, true) then
      requests[#requests + 1] = { method, path, headers, body }
    else
      requests[#requests + 1] = wrk.format(method, path, headers, body)
    end
  end
end

function init(arguments)
  read(os.getenv("LOAD_REQUESTS"))
end

function request()
  position = position % #requests + 1
  local found = requests[position]
  if type(found) == "string" then return found end
  serial = serial + 1
  local number = string.format("%d", serial)
  local body = found[4] and found[4]:gsub("{n}", number)
  return wrk.format(found[1], found[2]:gsub("{n}", number), found[3], body)
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nmeasured {"requests":%d,"microseconds":%d,"p50":%f,"p95":%f,"p99":%f,"status":%d,"socket":%d}\n',
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(95), latency:percentile(99),
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
