-- POSTs its first argument. "COUNTER" in it becomes a number of its own in each request, as JSON-RPC wants of the
-- calls in one session.
function init(args)
  wrk.method, body, n = "POST", args[1], 0
  counted = body:find('"COUNTER"', 1, true) ~= nil
  fixed = wrk.format(nil, nil, nil, body)
end

function request()
  if not counted then return fixed end
  n = n + 1
  return wrk.format(nil, nil, nil, (body:gsub('"COUNTER"', n)))
end
