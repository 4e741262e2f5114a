"""Questions to the workspace, one `.kql` file each; alert rules and workbooks load the same files."""
