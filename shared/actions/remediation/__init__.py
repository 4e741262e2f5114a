"""What alerts are answered with: each acts, and proves that it helped."""
