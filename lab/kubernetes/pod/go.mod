module clarion-lb.dev/lab/pod

go 1.24.0
