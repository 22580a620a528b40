"""What a language still lacks: pages are visited in it, and the sentences that no catalogue knows are collected."""
