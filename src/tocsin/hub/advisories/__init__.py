"""What everybody is told: written once, published as page, feed, CSAF and mail to subscribers."""
