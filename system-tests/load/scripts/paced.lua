-- Sends the requests of a file, in the format of requests.lua, in turn: each connection at random
-- moments, LOAD_INTERVAL_MS apart on average. Prints a line for each answer: its status, and the
-- milliseconds it took. Answers are told apart by their x-request-id, which the server has to repeat.

local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long nanoseconds; } moment;
  typedef struct { float milliseconds; int status; } answer;
  int clock_gettime(int clock, moment *now);
]]
local MONOTONIC = 1
local MOST = 2000000

local interval = tonumber(os.getenv("LOAD_INTERVAL_MS"))
local now = ffi.new("moment")
local heads, tails, answers, sender = {}, {}, nil, nil
local first = tonumber(os.getenv("LOAD_SERIAL"))
local serial, begun, usual = 0, {}, 0
address, count = 0, 0

local function milliseconds()
  ffi.C.clock_gettime(MONOTONIC, now)
  return tonumber(now.seconds) * 1e3 + tonumber(now.nanoseconds) / 1e6
end

function setup(thread)
  sender = thread
end

-- A number takes as many characters as the longest one, so that it does not change a length.
local function padded(number)
  return string.format("%016d", number)
end

local function read(name)
  for line in io.lines(name) do
    local method, path, token, body = line:gsub("{n}", padded(0)):match("^(.-)\t(.-)\t(.-)\t(.*)$")
    local headers = { ["X-Request-Id"] = "{id}" }
    if token ~= "" then headers["Authorization"] = "Bearer " .. token end
    if body ~= "" then headers["Content-Type"] = "application/json" end
    if body == "" then body = nil end
    local head, tail = wrk.format(method, path, headers, body):match("^(.-){id}(.*)$")
    heads[#heads + 1], tails[#tails + 1] = head, tail
  end
end

function init(arguments)
  read(os.getenv("LOAD_REQUESTS"))
  math.randomseed(milliseconds())
  answers = ffi.new("answer[?]", MOST)
  address = tonumber(ffi.cast("intptr_t", answers))
end

-- What an answer takes is part of the time between two requests of a connection.
function delay()
  return math.max(0, math.random() * 2 * interval - usual)
end

function request()
  serial = serial + 1
  begun[serial] = milliseconds()
  local place = (serial - 1) % #heads + 1
  local whole = heads[place] .. serial .. tails[place]
  return (whole:gsub(padded(0), padded(first + serial)))
end

function response(status, headers, body)
  local number = tonumber(headers["x-request-id"])
  local took = milliseconds() - begun[number]
  begun[number] = nil
  usual = usual + (took - usual) * 0.01
  if count < MOST then
    answers[count].status, answers[count].milliseconds = status, took
    count = count + 1
  end
end

-- Runs in a state of its own, which can ask that of the sender for numbers only.
function done(summary, latency, requests)
  local found = ffi.cast("answer *", sender:get("address"))
  io.write("\n")
  for i = 0, sender:get("count") - 1 do
    io.write(string.format("answer %d %.3f\n", found[i].status, found[i].milliseconds))
  end
  local errors = summary.errors
  for i = 1, errors.connect + errors.read + errors.write + errors.timeout do
    io.write("answer 0 0\n")
  end
end
