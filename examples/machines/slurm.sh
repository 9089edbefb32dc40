#!/bin/bash
# A search on two machines of a Slurm cluster, one process on each: sbatch slurm.sh
#SBATCH --job-name=snas
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=1
#SBATCH --cpus-per-task=8
#SBATCH --time=24:00:00
#SBATCH --signal=TERM@60
#SBATCH --requeue

# A minute before the time limit the search saves its step and ends, and the job is queued again.
# If a process ends, the others end too. A job whose machine was lost is queued again, and continues
# from the last checkpoint; exit codes 1 and 2 are faults that nothing is gained by repeating.
HOSTS=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | tr '\n' ' ')
PORT=$((20000 + SLURM_JOB_ID % 20000))
export HOSTS PORT

srun --kill-on-bad-exit=1 sh -c 'exec sh two_machines.sh "$SLURM_PROCID" "$@"' snas \
    --mode=search --dataset=cifar10 --data_dir="$HOME/tensorflow_datasets" \
    --model_dir="$HOME/runs/search"
status=$?
[ "$status" -le 2 ] || scontrol requeue "$SLURM_JOB_ID"
exit "$status"
