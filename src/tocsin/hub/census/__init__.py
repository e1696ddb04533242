"""Who is seen where: dated snapshots, their scope and method, and what each server showed."""
