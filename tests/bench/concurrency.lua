-- A hundred small VMs, for tests/bench/concurrency_bench.sh.
local app  = cluster "DC0_C0"
local home = folder "bench" { path = "/DC0/vm/bench" }

for i = 1, 100 do
  vm(("bench-%03d"):format(i)) {
    folder    = home,
    pool      = app.pool,
    datastore = datastore "LocalDS_0",
    guest_id  = "debian12_64Guest",
    cpus      = 1,
    memory    = "1GiB",
    power     = "on",
  }
end
