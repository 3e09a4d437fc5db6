"""ECS in memory, driven by a virtual clock: rehearsal stage, demo, benchmark and test bed.

    world = World(seed=1)                                   # clusters, services, images; time stands still
    world.add_service("prod", "web", task_definition(...))  # starts COMPLETED, with running tasks
    world.push("shop:2", Behaviour(exit_code=1))            # what containers of an image do
    api = SimulatedEcs(world)                               # the same dicts as botocore's
    world.clock.sleep(60)                                   # only this moves time, never a look

`timing` and `behaviour` are what may be scripted, `model` what ECS keeps, `lifecycle` what tasks do, `scheduler` what
the service scheduler does every tick (percent arithmetic, circuit breaker, rollback), `registry` the task definitions,
`api` the operations, `faults` what goes wrong with calls, `http` the same over loopback, `scenario` a file of it all.
"""
